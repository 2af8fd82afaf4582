"""A small ticket shop in the browser, in front of any Saleor-compatible host with the plugin."""
