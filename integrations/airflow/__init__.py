"""Airflow: a DAG that retrains, gates, releases and promotes by Slipway's commands. It runs in Airflow's own
environment (`make airflow-tools`), and knows the tasks' table alone."""
