"""EventBridge: rules match events as AWS documents it, and deliver them to queues, topics and other buses."""
