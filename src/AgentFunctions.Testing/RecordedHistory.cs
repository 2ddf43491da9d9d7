using System.Text.Json;
using AgentFunctions.Durability;
using AgentFunctions.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Testing;

/// <summary>
/// Represents the recorded history of a run. Kept in a file, it shows in every later build whether that version could continue
/// runs of this one: a replay must take the same decisions.
/// </summary>
public sealed class RecordedHistory
{
    private static readonly JsonSerializerOptions Indented = new(DurableJson.Options) { WriteIndented = true };

    private readonly HistoryEvent[] _events;

    private RecordedHistory(HistoryEvent[] events) => _events = events;

    /// <summary>Reads a history from a file.</summary>
    /// <param name="path">The file, as <see cref="Save"/> wrote it.</param>
    /// <exception cref="JsonException">The file is no history.</exception>
    public static RecordedHistory Load(string path) =>
        new(JsonSerializer.Deserialize<HistoryEvent[]>(File.ReadAllText(path), DurableJson.Options) ?? []);

    /// <summary>
    /// Writes the history to a file. It contains what the run recorded: no messages, but references, names and previews.
    /// </summary>
    /// <param name="path">The file.</param>
    public void Save(string path) => File.WriteAllText(path, JsonSerializer.Serialize(_events, Indented) + "\n");

    /// <summary>Replays the history against the present code.</summary>
    /// <param name="configure">Adds the orchestrators that a host has of its own; <see langword="null"/> if it has none.</param>
    /// <exception cref="InvalidOperationException">
    /// The present code decides differently; the message has the first difference.
    /// </exception>
    public void Verify(Action<IServiceCollection>? configure = null)
    {
        var services = new ServiceCollection();
        services.AddAgentFunctions(new ConfigurationBuilder().Build())
            .AddSqliteEngine(static engine => engine.DataFile = SqliteEngineOptions.InMemory);
        configure?.Invoke(services);
        using ServiceProvider provider = services.BuildServiceProvider();
        Verify(provider.GetRequiredService<DurableRegistry>());
    }

    internal static async Task<RecordedHistory> OfAsync(IOrchestrationClient client, string instanceId,
        CancellationToken cancellationToken)
    {
        var events = new List<HistoryEvent>();
        await foreach (HistoryEvent next in client.ReadHistoryAsync(instanceId, cancellationToken).ConfigureAwait(false))
        {
            events.Add(next is TaskFailed failed ? failed with { Failure = Untraced(failed.Failure)! } : next);
        }

        return new RecordedHistory([.. events]);
    }

    internal void Verify(DurableRegistry registry)
    {
        if (OrchestrationReplayer.Verify(_events, registry) is { } difference)
        {
            string instance = (_events.FirstOrDefault() as ExecutionStarted)?.InstanceId ?? "the run";
            throw new InvalidOperationException($"The history of {instance} does not replay: {difference}");
        }
    }

    /// <summary>A failure without stack traces, which name folders of the machine.</summary>
    private static FailureDetails? Untraced(FailureDetails? failure) =>
        failure is null ? null : failure with { StackTrace = null, InnerFailure = Untraced(failure.InnerFailure) };
}
