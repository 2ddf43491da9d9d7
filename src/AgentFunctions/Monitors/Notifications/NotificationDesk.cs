using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentFunctions.Durability;
using AgentFunctions.Loop.Monitors;
using AgentFunctions.Monitors.Incidents;
using AgentFunctions.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Monitors.Notifications;

/// <summary>Delivers messages, and keeps those that could not be delivered where people see them.</summary>
internal sealed class NotificationDesk(
    IOptions<NotificationOptions> options, IEnumerable<INotificationSink> sinks, IncidentStore incidents, IRecordStore records,
    TimeProvider time, Governance.Redaction.Redactor redactor, ILogger<NotificationDesk>? log = null)
{
    /// <summary>The channel that every host has.</summary>
    public const string Console = "console";

    private const string Prefix = "dead-letters/";

    private readonly INotificationSink[] _sinks = [.. sinks];

    public bool Knows(string channel) => channel == Console || options.Value.Channels.ContainsKey(channel);

    public IEnumerable<string> Names => options.Value.Channels.Keys.Append(Console).Distinct(StringComparer.Ordinal);

    /// <summary>One attempt to deliver a message of any kind.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.NotificationRejected"/>: a repetition cannot help. Any other error may pass.</exception>
    public Task SendAsync(string channelName, ChannelMessage message, CancellationToken cancellationToken)
    {
        NotificationChannel channel = options.Value.Channels.TryGetValue(channelName, out NotificationChannel? known) ? known
            : channelName == Console ? new NotificationChannel()
            : throw new AgentException(ErrorCode.NotificationRejected, $"This host has no notification channel '{channelName}'.");
        return _sinks.First(sink => sink.Handles(channel)).SendAsync(
            channelName, channel, message with { Body = redactor.RedactJson(message.Body), Line = redactor.Redact(message.Line) }, cancellationToken);
    }

    /// <summary>One attempt to deliver a message; the timeline tells of it once it is delivered.</summary>
    public async Task<bool> SendAsync(ActivityContext context, NotifyIncidentInput input)
    {
        await SendAsync(input.Channel, ChannelMessage.Of(input.Notification), context.CancellationToken).ConfigureAwait(false);
        await AppendAsync(input.Notification, input.Channel, IncidentEntryKind.Notified, "", context.CancellationToken).ConfigureAwait(false);
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
            input.Notification, input.Channel, IncidentEntryKind.NotificationFailed, $": {input.Error}", context.CancellationToken)
            .ConfigureAwait(false);
        return true;
    }

    /// <summary>The messages that could not be delivered.</summary>
    public async IAsyncEnumerable<DeadLetter> ListDeadLettersAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (DeadLetter letter in records.ReadAllAsync(
            Prefix, static record => JsonSerializer.Deserialize<DeadLetter>(record.Value.Span, MonitorJson.Options), log, cancellationToken).ConfigureAwait(false))
        {
            yield return letter;
        }
    }

    private Task AppendAsync(
        Notification notification, string channel, IncidentEntryKind kind, string error, CancellationToken cancellationToken)
    {
        string what = System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(notification.Kind.ToString());
        string text = kind == IncidentEntryKind.Notified ? $"{channel} was told ({what})" : $"{channel} could not be told ({what}){error}";
        var entry = new IncidentEntry($"{notification.Id}/{channel}/{kind}", time.GetUtcNow(), kind, "host", text);
        return incidents.AppendAsync(notification.Incident, entry, cancellationToken);
    }
}
