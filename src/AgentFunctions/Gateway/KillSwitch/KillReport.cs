using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Ledger;

namespace AgentFunctions.Gateway.KillSwitch;

/// <summary>Represents what the kill switch found and stopped.</summary>
/// <param name="Order">The order.</param>
/// <param name="Runs">The runs that were told to end.</param>
/// <param name="Begun">The calls with effects that had begun: they may have taken effect.</param>
public sealed record KillReport(KillOrder Order, IReadOnlyList<string> Runs, IReadOnlyList<PendingEffect> Begun);
