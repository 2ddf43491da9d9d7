using System.ComponentModel;
using AgentFunctions;
using AgentFunctions.Agents;
using AgentFunctions.Tools;

namespace AgentApp;

/// <summary>The agent of this app and its tool. Host and tests register both through here.</summary>
public static class RefundAgent
{
    public const string Name = "refunds";

    public static IServiceCollection AddRefundAgent(this IServiceCollection services)
    {
        services.AddSingleton<RefundBook>();
        return services
            .AddTool(AgentTool.Create(
                    "refund", "Pays an amount back for an order.", ToolEffect.NotIdempotent,
                    (ToolContext call, [Description("The order.")] string order,
                        [Description("The amount in dollars.")] decimal amount) =>
                        call.Services.GetRequiredService<RefundBook>().Pay(call.IdempotencyKey, order, amount))
                // After a crash the runtime asks whether the refund was paid, instead of paying again.
                .WithReconcile((call, _, _) => Task.FromResult(
                    call.Services.GetRequiredService<RefundBook>().Find(call.IdempotencyKey) is { } receipt
                        ? Reconciliation.TookEffect(receipt)
                        : Reconciliation.DidNotTakeEffect)))
            .AddAgent(Agent.Create(Name)
                .WithDescription("Pays customers back.")
                .WithInstructions("Pay the customer back what the goal says, once, and report the receipt.")
                .WithTools("refund"));
    }
}
