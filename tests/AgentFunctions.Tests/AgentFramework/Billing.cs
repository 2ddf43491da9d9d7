using Microsoft.Extensions.AI;

namespace AgentFunctions.Tests.AgentFramework;

/// <summary>The one tool of the agent that bills, and the call of it that its model asks for.</summary>
internal static class Billing
{
    public static FunctionCallContent ChargeCall { get; } = ScriptedClient.CallOf("c1", "charge", ("cents", 42));

    public static AIFunction Charge(List<int> charged) => AIFunctionFactory.Create(
        (int cents) =>
        {
            charged.Add(cents);
            return $"charged {cents}";
        },
        "charge", "Charges.");
}
