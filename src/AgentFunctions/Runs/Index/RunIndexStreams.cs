using System.Globalization;

namespace AgentFunctions.Runs.Index;

/// <summary>The logs of the run index: 16, so that many instances append side by side. All runs of a tree are in one.</summary>
internal static class RunIndexStreams
{
    public const int Count = 16;

    /// <summary>What the names of everything in the index begin with.</summary>
    public const string Prefix = "index/";

    /// <summary>The record that says whether the index has every run.</summary>
    public const string StateKey = Prefix + "state";

    private const char Separator = '.';

    public static string NameOf(int shard) => $"{Prefix}runs-{shard.ToString("x", CultureInfo.InvariantCulture)}";

    /// <summary>The number of the log of a run's tree.</summary>
    public static int ShardOf(string runId)
    {
        int dot = runId.IndexOf(Separator, StringComparison.Ordinal);
        uint hash = 2166136261;
        foreach (char c in dot > 0 ? runId.AsSpan(0, dot) : runId)
        {
            hash = unchecked((hash ^ c) * 16777619);
        }

        return (int)((hash ^ (hash >> 16)) % Count);
    }
}
