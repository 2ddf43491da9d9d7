using AgentFunctions.Governance.Approvals;

namespace AgentFunctions.Extensions;

/// <summary>
/// A channel of one's own: tells people that an approval waits. Here on the console, elsewhere by mail or chat.
/// </summary>
internal sealed class ConsoleNotifier : IApprovalNotifier
{
    public Task<string?> NotifyAsync(Approval approval, CancellationToken cancellationToken = default)
    {
        Console.WriteLine($"waiting: {approval.Tool} {approval.Arguments}");
        return Task.FromResult<string?>("console");
    }
}
