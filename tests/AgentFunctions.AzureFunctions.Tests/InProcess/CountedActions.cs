using System.Collections.Concurrent;
using System.Text.Json;
using AgentFunctions.Durability;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.AzureFunctions.Tests.InProcess;

/// <summary>Counts what orchestrations ask of Durable Task, once each however often they are replayed.</summary>
internal sealed class CountedActions
{
    private readonly ConcurrentDictionary<string, int> _counts = new(StringComparer.Ordinal);

    /// <summary>Executions that began: a start, or a run that continues as new.</summary>
    public int Executions => _counts.GetValueOrDefault("execution");

    /// <summary>Timers that were set; most are cancelled.</summary>
    public int Timers => _counts.GetValueOrDefault("timer");

    public int TimersFired => _counts.GetValueOrDefault("fired");

    public int Events => _counts.GetValueOrDefault("event");

    /// <summary>Gets or sets the audit entries of the run.</summary>
    public int AuditEntries { get; set; }

    /// <summary>The largest custom status, in bytes of JSON.</summary>
    public int LargestStatus => _counts.GetValueOrDefault("status bytes");

    /// <summary>The largest message, input or result, in bytes of JSON.</summary>
    public int LargestMessage => _counts.GetValueOrDefault("message bytes");

    public int Activities => _counts.Where(static count => count.Key.StartsWith('#')).Sum(static count => count.Value);

    /// <summary>As the scheduler bills them: an execution 1, an activity 2, a timer that fires 1, an event 1.</summary>
    public int Billed => Executions + (2 * Activities) + TimersFired + Events;

    public int Of(string activity) => _counts.GetValueOrDefault('#' + activity);

    /// <summary>The same orchestrators and activities, counted.</summary>
    public DurableRegistry Count(DurableRegistry registry)
    {
        var counted = new DurableRegistry();
        foreach ((string name, OrchestratorDelegate run) in registry.Orchestrators)
        {
            counted.AddOrchestrator<JsonElement?, JsonElement?>(name, async (context, input) =>
            {
                Add(context, "execution");
                return Parse(Measured("message bytes",
                    await run(new CountedContext(context, this), Measured("message bytes", input?.GetRawText()))));
            });
        }

        foreach ((string name, ActivityDelegate run) in registry.Activities)
        {
            counted.AddActivity<JsonElement?, JsonElement?>(
                name, async (context,
                    input) => Parse(Measured("message bytes",
                        await run(context, Measured("message bytes", input?.GetRawText())))));
        }

        return counted;
    }

    private static JsonElement? Parse(string? json) => json is null ? null : JsonElement.Parse(json);

    private string? Measured(string what, string? json)
    {
        _counts.AddOrUpdate(what, json?.Length ?? 0, (_, largest) => Math.Max(largest, json?.Length ?? 0));
        return json;
    }

    private void Add(IOrchestrationContext context, string what)
    {
        if (!context.IsReplaying)
        {
            _counts.AddOrUpdate(what, 1, static (_, count) => count + 1);
        }
    }

    private sealed class CountedContext(IOrchestrationContext inner, CountedActions counts) : IOrchestrationContext
    {
        public string InstanceId => inner.InstanceId;

        public string Name => inner.Name;

        public string? ParentInstanceId => inner.ParentInstanceId;

        public DateTimeOffset CurrentTime => inner.CurrentTime;

        public bool IsReplaying => inner.IsReplaying;

        public Guid NewGuid() => inner.NewGuid();

        public Task<TResult> CallActivityAsync<TResult>(string name, object? input = null, TaskOptions? options = null)
        {
            counts.Add(inner, '#' + name);
            return inner.CallActivityAsync<TResult>(name, input, options);
        }

        public Task<TResult> CallSubOrchestratorAsync<TResult>(string name, object? input = null,
            SubOrchestrationOptions? options = null) =>
            inner.CallSubOrchestratorAsync<TResult>(name, input, options);

        public async Task CreateTimerAsync(DateTimeOffset fireAt, CancellationToken cancellationToken = default)
        {
            counts.Add(inner, "timer");
            await inner.CreateTimerAsync(fireAt, cancellationToken);
            counts.Add(inner, "fired");
        }

        public Task<T> WaitForExternalEventAsync<T>(string name, CancellationToken cancellationToken = default) =>
            inner.WaitForExternalEventAsync<T>(name, cancellationToken);

        public void SendEvent(string instanceId, string eventName, object? payload = null)
        {
            counts.Add(inner, "event");
            inner.SendEvent(instanceId, eventName, payload);
        }

        public void SetCustomStatus(object? status)
        {
            counts.Measured("status bytes", DurableJson.Serialize(status));
            inner.SetCustomStatus(status);
        }

        public void ContinueAsNew(object? input = null, bool preserveUnprocessedEvents = true) =>
            inner.ContinueAsNew(input, preserveUnprocessedEvents);

        public ILogger CreateReplaySafeLogger(string category) => inner.CreateReplaySafeLogger(category);
    }
}
