"""The paper account: sizing, fills, exits, ledger, cooldown and breakers."""
