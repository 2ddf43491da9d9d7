namespace AgentFunctions.Storage;

/// <summary>
/// The names under which the stores keep what belongs to one run, or to one tree under the id of its root: the id is the second
/// part. What is new about runs is entered here, so that it is sealed under their key and erased with them.
/// </summary>
internal static class RunNames
{
    /// <summary>The record of a run, by which its tree is found.</summary>
    public const string Runs = "runs";

    /// <summary>The names of files that a run has made.</summary>
    public const string Artifacts = "artifacts";

    /// <summary>The idempotency keys that stand for a run, or were used to steer it.</summary>
    public const string Claims = "claims";

    /// <summary>The calls of a run.</summary>
    public const string Ledger = "ledger";

    /// <summary>What an agent of Agent Framework keeps for a run.</summary>
    public const string AgentFramework = "agent-framework";

    /// <summary>The approvals of a run that are not settled.</summary>
    public const string OpenApprovals = "approvals-open";

    /// <summary>The questions of a run: the last part is the id.</summary>
    public const string AskedQuestions = "questions-asked";

    /// <summary>What happened in a run.</summary>
    public const string Journals = "journals";

    /// <summary>What became of the folder of a tree, under its root.</summary>
    public const string Snapshots = "snapshots";

    /// <summary>The messages of a run.</summary>
    public const string Transcripts = "transcripts";

    /// <summary>Gets the streams, each <c>NAME/ID</c>.</summary>
    public static IReadOnlyList<string> Streams { get; } = [Journals, Transcripts, "inboxes", "history", "boards", Snapshots];

    /// <summary>Gets the records, each <c>NAME/ID</c> or <c>NAME/ID/…</c>, but for the record of the run itself.</summary>
    public static IReadOnlyList<string> Records { get; } =
    [
        "acceptance", AgentFramework, OpenApprovals, Artifacts, "budgets", "calls", Claims, "client-calls", "conversations",
        "deliveries", "emptied",
        "exchanges", "leases", Ledger, "live", "live-wanted", "mcp-tasks", "memos", "mesh-calls", "pins", "plans", AskedQuestions,
        "questions-open",
        "receivers", "rewinds", "said", "steerers", "sub-agents", "tool-input", "tool-notices", "troubles",
    ];

    /// <summary>Gets those of the records that have no words: they stay where only the content of a run is erased.</summary>
    public static IReadOnlyList<string> Numbers { get; } = ["budgets", "calls", Claims, "emptied", "live-wanted", "steerers"];

    /// <summary>
    /// Gets the names of which single streams or records belong to a run, which erasing looks for in ways of their own.
    /// </summary>
    public static IReadOnlyList<string> Shared { get; } =
        ["approvals", "questions", "erased", "idempotency", "index", "notes", "refs", "reviews", "sealed-content", "audit",
            "tree-keys"];

    /// <summary>
    /// Gets the names of what belongs to the host and to no run: it has no words of runs, or is kept on purpose.
    /// </summary>
    public static IReadOnlyList<string> OfHost { get; } =
    [
        "api-key-names", "api-keys", "approval-counts", "dead-letters", "door-requests", "gateway", "holds", "incidents", "kill",
        "monitor-memory",
        "monitor-notes", "monitor-spending", "monitors", "quotas", "retention", "sign-ins", "signing-keys", "ticks",
    ];

    /// <summary>Determines whether a name is that of something that belongs to one run or one tree.</summary>
    public static bool IsOfRun(string name) => name == Runs || Streams.Contains(name) || Records.Contains(name);
}
