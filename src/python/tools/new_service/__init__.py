"""`./pants new-service`: a service that works, in the house's style, to be made into one's own."""
