"""What several services need: errors in the caller's protocol, checks of requests, names of actions."""
