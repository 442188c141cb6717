"""Small questions to the network, each with a deadline: DNS, TCP, HTTPS by layers, NTP."""
