"""Who may do what in Kafka: rights as values, derived from the topic declaration, and compared with a cluster's."""
