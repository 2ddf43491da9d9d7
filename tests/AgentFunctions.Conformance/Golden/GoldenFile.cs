using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentFunctions.Durability;

namespace AgentFunctions.Conformance.Golden;

/// <summary>The recorded histories: read from the test's output, written to the source.</summary>
internal static class GoldenFile
{
    private static readonly JsonSerializerOptions Indented = new(DurableJson.Options) { WriteIndented = true };

    private static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "Golden");

    /// <summary>The files right in a folder of the recorded histories, relative to all of them.</summary>
    public static IEnumerable<string> Names(string folder) =>
        Directory.EnumerateFiles(Path.Combine(Folder, folder), "*.json").Select(static file => Path.GetRelativePath(Folder, file))
            .Order(StringComparer.Ordinal);

    public static HistoryEvent[] Read(string name) =>
        JsonSerializer.Deserialize<HistoryEvent[]>(File.ReadAllText(Path.Combine(Folder, name)), DurableJson.Options)!;

    public static async Task SaveAsync(
        IOrchestrationClient client, string name, string id, CancellationToken cancellationToken,
        [CallerFilePath] string source = "")
    {
        List<HistoryEvent> history = [];
        await foreach (HistoryEvent next in client.ReadHistoryAsync(id, cancellationToken))
        {
            history.Add(next is TaskFailed failed ? failed with { Failure = Untraced(failed.Failure)! } : next);
        }

        string file = Path.Combine(Path.GetDirectoryName(source)!, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(history, Indented) + "\n", cancellationToken);
    }

    /// <summary>A failure without stack traces, which name this machine's folders.</summary>
    private static FailureDetails? Untraced(FailureDetails? failure) =>
        failure is null ? null : failure with { StackTrace = null, InnerFailure = Untraced(failure.InnerFailure) };
}
