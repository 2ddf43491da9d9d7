using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentFunctions.Durability;
using AgentFunctions.Monitors.Orchestration;
using AgentFunctions.Notifications;
using AgentFunctions.Storage;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Monitors.Incidents;

/// <summary>Tells people of incidents, and keeps what could not be delivered where they see it.</summary>
internal sealed class IncidentNotices(
    NotificationSender desk, IncidentStore incidents, IRecordStore records, TimeProvider time,
    ILogger<IncidentNotices>? log = null)
{
    private const string Prefix = "dead-letters/";

    /// <summary>One attempt to deliver a message; the timeline tells of it once it is delivered.</summary>
    public async Task<bool> SendAsync(ActivityContext context, NotifyIncidentInput input)
    {
        await desk.SendAsync(input.Channel, MessageOf(input.Notification), context.CancellationToken).ConfigureAwait(false);
        await AppendAsync(input.Notification, input.Channel, IncidentEntryKind.Notified, "", context.CancellationToken)
            .ConfigureAwait(false);
        return true;
    }

    /// <summary>Keeps a message that could not be delivered.</summary>
    public async Task<bool> BuryAsync(ActivityContext context, DeadLetterInput input)
    {
        var letter = new DeadLetter(input.Channel, input.Notification, input.Error, time.GetUtcNow());
        await records.PutAsync(
            $"{Prefix}{input.Notification.Id}/{input.Channel}",
            JsonSerializer.SerializeToUtf8Bytes(letter, MonitorJson.Options),
            default,
            context.CancellationToken).ConfigureAwait(false);
        await AppendAsync(
            input.Notification, input.Channel, IncidentEntryKind.NotificationFailed, $": {input.Error}",
            context.CancellationToken)
            .ConfigureAwait(false);
        return true;
    }

    /// <summary>The messages that could not be delivered.</summary>
    public async IAsyncEnumerable<DeadLetter> ListDeadLettersAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (DeadLetter letter in records.ReadAllAsync(
            Prefix, static record => JsonSerializer.Deserialize<DeadLetter>(record.Value.Span, MonitorJson.Options), log,
            cancellationToken).ConfigureAwait(false))
        {
            yield return letter;
        }
    }

    private Task AppendAsync(
        Notification notification, string channel, IncidentEntryKind kind, string error, CancellationToken cancellationToken)
    {
        string what = JsonNamingPolicy.CamelCase.ConvertName(notification.Kind.ToString());
        string text = kind == IncidentEntryKind.Notified
            ? $"{channel} was told ({what})"
            : $"{channel} could not be told ({what}){error}";
        var entry = new IncidentEntry($"{notification.Id}/{channel}/{kind}", time.GetUtcNow(), kind, "host", text);
        return incidents.AppendAsync(notification.Incident, entry, cancellationToken);
    }

    internal static ChannelMessage MessageOf(Notification notification) => new(
        notification.Id,
        notification.At,
        NotificationBody.Of(
            $"incident.{JsonNamingPolicy.CamelCase.ConvertName(notification.Kind.ToString())}", notification.At,
            JsonSerializer.SerializeToUtf8Bytes(notification, MonitorJson.Options)),
        $"{notification.Kind} P{notification.Priority} {notification.Incident}: {notification.Text}");
}
