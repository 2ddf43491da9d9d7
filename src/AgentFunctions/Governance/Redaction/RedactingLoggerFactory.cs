using Microsoft.Extensions.Logging;

namespace AgentFunctions.Governance.Redaction;

/// <summary>
/// Keeps secrets out of the host's logs, and characters that would steer a terminal: a message that holds one is written as plain
/// text without it.
/// </summary>
internal sealed class RedactingLoggerFactory(ILoggerFactory inner, Redactor redactor) : ILoggerFactory
{
    public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

    public ILogger CreateLogger(string categoryName) => new RedactingLogger(inner.CreateLogger(categoryName), redactor);

    public void Dispose() => inner.Dispose();

    private sealed class RedactingLogger(ILogger inner, Redactor redactor) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => inner.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => inner.IsEnabled(logLevel);

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!inner.IsEnabled(logLevel))
            {
                return;
            }

            string text = formatter(state, exception);
            string whole = exception is null ? text : $"{text}\n{exception}";
            string clean = LogText.Escape(redactor.Redact(whole));
            if (clean == whole)
            {
                inner.Log(logLevel, eventId, state, exception, formatter);
            }
            else
            {
                inner.Log(logLevel, eventId, clean, null, static (message, _) => message);
            }
        }
    }
}
