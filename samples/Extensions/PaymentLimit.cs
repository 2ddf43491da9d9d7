using AgentFunctions.Governance.Policies;

namespace AgentFunctions.Extensions;

/// <summary>
/// A rule of one's own: large payments need a person, others are allowed. It sees the arguments as the tool will take them.
/// </summary>
internal sealed class PaymentLimit : IPolicyRule
{
    public string Name => "payment-limit";

    public PolicyAnswer? Decide(ActionContext action) => action.Tool != "pay"
        ? null
        : action.Arguments.GetProperty("amount").GetInt32() <= 100
            ? new PolicyAnswer(PolicyVerdict.Allow)
            : new PolicyAnswer(PolicyVerdict.Ask) { Reason = "More than 100 takes a person." };
}
