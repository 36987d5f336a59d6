"""Which alarms an endpoint's objectives call for, and what each of them tells people. Pure."""
