/// Monitoring.
