using AgentFunctions.Governance.Approvals;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.IncidentMonitor;

/// <summary>Asks the person at the terminal; with <c>--yes</c> says yes for them, and says so.</summary>
internal sealed class ConsoleApprover(IServiceProvider services, bool alwaysYes)
{
    /// <summary>Decides what waits, until the token ends it.</summary>
    public async Task DecideAsync(CancellationToken cancellationToken)
    {
        ApprovalService desk = services.GetRequiredService<ApprovalService>();
        while (!cancellationToken.IsCancellationRequested)
        {
            foreach (Approval approval in await desk.ListAsync(cancellationToken: cancellationToken))
            {
                Console.Write($"\nApprove '{approval.Tool}' for run {approval.RunId}, by rule '{approval.Rule}'? [y/N] ");
                bool isApproved = alwaysYes || await Console.In.ReadLineAsync(cancellationToken) is "y" or "Y" or "yes";
                Console.WriteLine(alwaysYes ? "yes (by --yes)" : isApproved ? "approved" : "denied");
                await desk.DecideAsync(approval.Id, Caller.Local, isApproved, cancellationToken: cancellationToken);
            }

            await Task.Delay(200, cancellationToken);
        }
    }
}
