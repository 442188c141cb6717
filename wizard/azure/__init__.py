"""The only room that uses the SDK of Azure: accounts, vaults, fabrics, vCenters, jobs. Plain data goes in and comes out."""
