using System.Globalization;

namespace AgentFunctions.Loop;

/// <summary>The number with which a run waits for its place among those at work.</summary>
internal static class QueueTicket
{
    /// <summary>
    /// The event that tells it that it has one. Each ticket has its own, so that a late second telling means nothing.
    /// </summary>
    public static string EventName(long ticket) => string.Create(CultureInfo.InvariantCulture, $"place-{ticket}");
}
