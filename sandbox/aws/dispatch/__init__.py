"""The way of an AWS request to moto: checks that every service makes, protocols, errors."""
