using System.Globalization;
using AgentFunctions.Core;

namespace AgentFunctions.Governance.Reviews;

/// <summary>Names the call that a change comes from.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Turn">The turn.</param>
/// <param name="Call">The number of the call within its turn.</param>
internal readonly record struct ChangeLocation(string RunId, int Turn, int Call)
{
    /// <summary>Gets the id of the change: the same however often the call is taken up.</summary>
    public string Id => CallHash.ChangeId(RunId, Turn, Call);

    /// <summary>Gets the event that wakes the call when there is room for it.</summary>
    public string EventName => string.Create(CultureInfo.InvariantCulture, $"review-{Turn}-{Call}");
}

/// <summary>Represents the wait of a call for room in a review queue.</summary>
/// <param name="Label">The queue, as <c>name=value</c>.</param>
/// <param name="EventName">The event that wakes the call.</param>
/// <param name="NextLook">When the call looks by itself (UTC).</param>
internal sealed record ReviewWait(string Label, string EventName, DateTimeOffset NextLook);
