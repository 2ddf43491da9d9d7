using System.Collections.Concurrent;
using AgentFunctions.Durability;
using AgentFunctions.Sqlite;
using AgentFunctions.TestKit;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Conformance.Embedded;

/// <summary>The embedded engine as a host of the suites.</summary>
internal sealed class EmbeddedHost(SqliteEngine engine, DurableRegistry registry, SqliteEngineOptions options,
    TemporaryFolder? folder) : ConformanceHost
{
    public SqliteEngine Engine { get; } = engine;

    public override IOrchestrationClient Client => Engine.Client;

    public static async Task<EmbeddedHost> StartAsync(
        DurableRegistry registry, bool isInMemory, Action<SqliteEngineOptions>? configure = null,
        ConcurrentQueue<string>? log = null)
    {
        TemporaryFolder? folder = isInMemory ? null : new TemporaryFolder();
        var options = new SqliteEngineOptions { DataFile = folder?.File("engine.db") ?? SqliteEngineOptions.InMemory };
        configure?.Invoke(options);
        var engine = new SqliteEngine(options, registry, null, log is null ? null : new QueueLoggerFactory(log));
        await engine.StartAsync();
        return new EmbeddedHost(engine, registry, options, folder);
    }

    public override async Task ForgetAsync()
    {
        if (folder is null)
        {
            // The data would go with the engine; so only what is idle goes, which is all that waits for something.
            await Poll.UntilAsync(() =>
            {
                Engine.Core.Instances.EvictIdle();
                return Engine.Core.Instances.Count == 0;
            });
        }
        else
        {
            await Engine.StopAsync();
            await Engine.StartAsync();
        }
    }

    /// <summary>Every history that a test records yields the same decisions when it is replayed from nothing.</summary>
    public override async Task VerifyAsync()
    {
        var query = new OrchestrationQuery { PageSize = 1_000 };
        foreach (OrchestrationState state in (await Client.QueryAsync(query)).Items)
        {
            if (state.Failure?.IsCausedBy(ErrorCode.NonDeterminism) == true)
            {
                continue;
            }

            List<HistoryEvent> history = [];
            await foreach (HistoryEvent next in Client.ReadHistoryAsync(state.InstanceId))
            {
                history.Add(next);
            }

            if (history.Count > 0)
            {
                Assert.That(OrchestrationReplayer.Verify(history, registry, options), Is.Null, state.InstanceId);
            }
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        folder?.Dispose();
    }

    private sealed class QueueLoggerFactory(ConcurrentQueue<string> log) : ILoggerFactory
    {
        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

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
