// Answers with the number of the process, on the socket of start_server; TERM ends it gracefully.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	// 8094=3
	_, number, _ := strings.Cut(os.Getenv("SERVER_STARTER_PORT"), "=")
	descriptor, err := strconv.Atoi(number)
	if err != nil {
		log.Fatalf("SERVER_STARTER_PORT '%s': %v; run this under start_server", os.Getenv("SERVER_STARTER_PORT"), err)
	}
	listener, err := net.FileListener(os.NewFile(uintptr(descriptor), "listener"))
	if err != nil {
		log.Fatalf("descriptor %d: %v", descriptor, err)
	}
	answer := []byte(fmt.Sprintf("pid %d\n", os.Getpid()))
	server := &http.Server{Handler: http.HandlerFunc(func(writer http.ResponseWriter, _ *http.Request) {
		_, _ = writer.Write(answer)
	})}
	drained := make(chan error)
	go func() {
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, syscall.SIGTERM)
		<-signals
		limit, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		drained <- server.Shutdown(limit)
	}()
	if err := server.Serve(listener); err != http.ErrServerClosed {
		log.Fatal(err)
	}
	if err := <-drained; err != nil {
		log.Fatalf("drain: %v", err)
	}
}
