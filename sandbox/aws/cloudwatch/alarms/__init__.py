"""CloudWatch's alarms: definitions, the rules of missing data, timely evaluation, state, history, messages."""
