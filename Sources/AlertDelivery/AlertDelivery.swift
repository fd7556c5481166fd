/// AlertDelivery.
