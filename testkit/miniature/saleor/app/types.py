class AppType:
    LOCAL = "local"
    THIRDPARTY = "thirdparty"
