using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Records;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.Hosting;

/// <summary>
/// A host with a policy, whose model makes the calls that a test asks for and then answers with the last result.
/// </summary>
internal sealed class GovernedRun : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();

    private GovernedRun()
    {
    }

    public RunHost Host { get; private set; } = null!;

    public Func<ChatRequest, ChatReply> Script { get; set; } = null!;

    public ApprovalService Desk => Host.Get<ApprovalService>();

    public string PolicyFile => Path.Combine(_folder.Path, "policy.yaml");

    public static async Task<GovernedRun> StartAsync(
        string? policy, IReadOnlyList<ChatReplyCall> calls, IEnumerable<AgentTool> tools,
        params (string Key, string Value)[] settings)
    {
        var run = new GovernedRun();
        List<(string, string)> all = [.. settings];
        if (policy is not null)
        {
            all.Add(("Governance:PolicyPath", run._folder.Write("policy.yaml", policy)));
        }

        run.Script = request => request.Turn < calls.Count
            ? new ChatReply { Calls = [calls[request.Turn]] }
            : ChatReply.Say($"Result: {(request.Results.Count > 0 ? request.Results[^1] : "")}");
        run.Host = await RunHost.StartAsync(request => run.Script(request), tools, null, [.. all]);
        return run;
    }

    /// <summary>Waits until a run asks a person something that is not among <paramref name="known"/>.</summary>
    public async Task<Approval> ApprovalOfAsync(string runId, CancellationToken cancellationToken,
        params IEnumerable<string> known)
    {
        JournalEvent asked = await Host.EventAsync(
            runId, happened => happened.Type == JournalEventTypes.ApprovalRequested && !known.Contains(happened.Approval),
            cancellationToken);
        return await ToldAsync(asked.Approval!, cancellationToken);
    }

    /// <summary>
    /// Waits until the record of an approval rests: it is written once more after the event, when people were told.
    /// </summary>
    private Task<Approval> ToldAsync(string id, CancellationToken cancellationToken) =>
        Poll.ForAsync(() => Desk.GetAsync(id, null, cancellationToken), static approval => approval.Reminders > 0,
            cancellationToken);

    public async Task<IReadOnlyList<AuditEntry>> AuditAsync(string? runId = null)
    {
        var entries = new List<AuditEntry>();
        await foreach (AuditEntry entry in Host.Get<AuditLog>().ReadAsync(runId))
        {
            entries.Add(entry);
        }

        return entries;
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        _folder.Dispose();
    }
}
