"""What a store would do without this plugin. Saleor plugins of their own, never installed."""
