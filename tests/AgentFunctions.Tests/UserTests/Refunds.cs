using AgentFunctions.Agents;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.UserTests;

/// <summary>The agents of a user: what a test of theirs has in common with their host.</summary>
internal sealed class Refunds
{
    private readonly List<string> _booked = [];

    /// <summary>What the bank has booked, by the key of the call.</summary>
    public IReadOnlyList<string> Booked => _booked;

    /// <summary>Whether the bank can be asked what it has booked.</summary>
    public bool CanBeAsked { get; init; }

    public void AddTo(IServiceCollection services)
    {
        AgentTool pay = AgentTool.Create("pay", "Pays an amount back.", ToolEffect.NotIdempotent,
            (ToolContext call, decimal amount) =>
        {
            _booked.Add(call.IdempotencyKey);
            return $"paid {amount}";
        });
        services
            .AddTool(CanBeAsked ? pay.WithReconcile(FindAsync) : pay)
            .AddTool(AgentTool.Create("find", "Finds an order.", ToolEffect.None, static (string id) => $"order {id}"))
            .AddTool(AgentTool.Create("report", "Has a report written.", ToolEffect.Idempotent, static () => { })
                .AsJob(ReportAsync))
            .AddAgent(Agent.Create("clerk").WithInstructions("Pay back what is owed.")
                .WithTools("pay", "find", "report", "ask_person"));
    }

    private Task<Reconciliation> FindAsync(ToolContext call, AIFunctionArguments arguments,
        CancellationToken cancellationToken) =>
        Task.FromResult(_booked.Contains(call.IdempotencyKey)
            ? Reconciliation.TookEffect("paid before")
            : Reconciliation.DidNotTakeEffect);

    private static Task<Reconciliation> ReportAsync(ToolContext call, AIFunctionArguments arguments,
        CancellationToken cancellationToken) =>
        Task.FromResult(call.Services.GetRequiredService<TimeProvider>().GetUtcNow().Hour < 15
            ? Reconciliation.StillRunning
            : Reconciliation.TookEffect("the report"));
}
