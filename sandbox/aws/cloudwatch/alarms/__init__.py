"""CloudWatch's alarms: definitions, the rules of missing data, evaluation, state, history, messages."""
