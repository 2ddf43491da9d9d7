using AgentFunctions.Core;
using AgentFunctions.Loop;
using AgentFunctions.Runs;

namespace AgentFunctions.Views.Runs;

/// <summary>Finds the runs of a tree that may be alive.</summary>
internal static class LiveRuns
{
    /// <summary>The ids of the runs below one that may be alive: by the index, or all that the records know.</summary>
    public static async Task<IReadOnlyList<string>> BelowAsync(RunReader reader, RunStore runs, string id,
        CancellationToken cancellationToken) =>
        reader.Index is { } index && await index.OpenAsync(id, reader, cancellationToken).ConfigureAwait(false)
            ? index.LiveBelow(id)
            : await runs.ListDescendantsAsync(id, cancellationToken).Select(static run => run.Id).ToListAsync(cancellationToken)
                .ConfigureAwait(false);

    /// <summary>How many leads a run has above it.</summary>
    public static int DepthOf(string runId) => runId.Count(static c => c == ChildName.Separator);
}
