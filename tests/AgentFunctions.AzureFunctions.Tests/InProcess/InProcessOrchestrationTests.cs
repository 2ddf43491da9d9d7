using System.Collections.Concurrent;
using AgentFunctions.Conformance;
using AgentFunctions.Conformance.Orchestrations;
using AgentFunctions.Durability;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.AzureFunctions.Tests.InProcess;

/// <summary>
/// The suite of the orchestration port over Durable Task, on its own test host. Cases that Durable Task or that host does
/// otherwise are not run; <see cref="Differences"/> names each with the reason.
/// </summary>
[TestFixture]
public sealed class InProcessOrchestrationTests : OrchestrationConformance
{
    [SetUp]
    public void SkipWhatDiffers()
    {
        if (Differences.Reason(TestContext.CurrentContext.Test.MethodName!) is { } reason)
        {
            Assert.Ignore(reason);
        }
    }

    protected override async Task<ConformanceHost> StartAsync(DurableRegistry registry) =>
        await InProcessHost.StartAsync(registry, LogSink.Value is { } log ? new QueueLoggerFactory(log) : null);

    private sealed class QueueLoggerFactory(ConcurrentQueue<string> log) : ILoggerFactory
    {
        public void AddProvider(ILoggerProvider provider)
        {
        }

        public ILogger CreateLogger(string categoryName) => new QueueLogger(categoryName == "test" ? log : []);

        public void Dispose()
        {
        }
    }

    private sealed class QueueLogger(ConcurrentQueue<string> log) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            log.Enqueue(formatter(state, exception));
    }
}
