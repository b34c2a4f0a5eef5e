// The cost of a log line by plain sd_journal_sendv(3), with the fields that journal-benchmark sends.
//
// usage: journal-benchmark-c BURSTS LINES PAUSE
// PAUSE is what lies between two bursts, in microseconds.
// Prints three numbers, in microseconds a line: the logging thread's time, the time until all is sent, processor time.
#include "CSystemd.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static double seconds(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

#define CONSTANT(text) {(void *)(text), sizeof(text) - 1}

static int log_line(unsigned number) {
    char message[64], identifier[32], duration[32];
    struct iovec fields[] = {
        CONSTANT("SYSLOG_IDENTIFIER=journal-benchmark"),
        CONSTANT("LOGGER=benchmark"),
        CONSTANT("PRIORITY=6"),
        CONSTANT("SOURCE=journal_benchmark"),
        CONSTANT("CODE_FILE=journal_benchmark/main.swift"),
        CONSTANT("CODE_LINE=50"),
        CONSTANT("CODE_FUNC=logLine(_:number:)"),
        {message, (size_t)snprintf(message, sizeof message, "MESSAGE=request %u answered", number)},
        {identifier, (size_t)snprintf(identifier, sizeof identifier, "REQUEST_ID=%u", number)},
        CONSTANT("METHOD=GET"),
        CONSTANT("PATH=/articles/graceful-restart"),
        CONSTANT("STATUS=200"),
        {duration, (size_t)snprintf(duration, sizeof duration, "DURATION_MS=%u", number % 100)},
    };
    // Nothing but sd_journal_sendv(3).
    return csystemd_journal_send(fields, sizeof fields / sizeof fields[0]);
}

int main(int count, char **arguments) {
    unsigned numbers[3] = {0, 0, 0};
    for (int i = 0; i < 3 && count == 4; i++)
        numbers[i] = (unsigned)strtoul(arguments[i + 1], NULL, 10);
    unsigned bursts = numbers[0], lines = numbers[1], pause = numbers[2];
    if (bursts == 0 || lines == 0) {
        fprintf(stderr, "usage: journal-benchmark-c BURSTS LINES PAUSE\n");
        return 64;
    }
    double logging = 0, all = 0, processor_start = seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (unsigned burst = 0; burst < bursts; burst++) {
        double start = seconds(CLOCK_MONOTONIC);
        for (unsigned line = 0; line < lines; line++)
            if (log_line(burst * lines + line) < 0) {
                fprintf(stderr, "sd_journal_sendv failed\n");
                return 1;
            }
        logging += seconds(CLOCK_MONOTONIC) - start;
        if (pause > 0)
            usleep(pause);
        all += seconds(CLOCK_MONOTONIC) - start;
    }
    double used = seconds(CLOCK_PROCESS_CPUTIME_ID) - processor_start, total = bursts * lines / 1e6;
    printf("%.3f %.3f %.3f\n", logging / total, all / total, used / total);
    return 0;
}
