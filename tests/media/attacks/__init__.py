"""What has brought down other servers, each as a test: real sockets against a real worker."""
