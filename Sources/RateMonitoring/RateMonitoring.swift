/// RateMonitoring.
