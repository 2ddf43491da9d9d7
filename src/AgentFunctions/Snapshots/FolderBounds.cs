namespace AgentFunctions.Snapshots;

/// <summary>How much of a folder is kept. What is beyond is named, and left as it is.</summary>
internal static class FolderBounds
{
    /// <summary>The largest file, in bytes.</summary>
    public const int File = 5 << 20;

    /// <summary>The most entries that are gone through, and that are known of a folder.</summary>
    public const int Entries = 20_000;

    /// <summary>How many folders may lie one within another.</summary>
    public const int Depth = 64;

    /// <summary>The most bytes that are kept of a tree.</summary>
    public const long Tree = 1L << 30;

    /// <summary>How often within a minute a folder is gone through after commands.</summary>
    public const int WalksPerMinute = 50;

    /// <summary>How many paths that a walk leaves out, and how many that it does not keep, are named.</summary>
    public const int Named = 100;

    /// <summary>How many commands are named that may have made a change.</summary>
    public const int Candidates = 30;

    /// <summary>How long a folder is gone through.</summary>
    public static readonly TimeSpan Walk = TimeSpan.FromSeconds(30);

    /// <summary>Why a content is not kept for which a tree has no room.</summary>
    public static readonly string NoRoom = $"more than {Tree >> 20} MiB are kept of this run already";
}
