using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace AgentFunctions.Mcp;

/// <summary>Hands what a server says of how far its calls are to those who made them.</summary>
internal sealed class McpReports
{
    private static readonly System.Text.Json.Serialization.Metadata.JsonTypeInfo ParamsType =
        McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(ProgressNotificationParams));

    private readonly ConcurrentDictionary<string, IProgress<string>> _calls = new(StringComparer.Ordinal);
    private long _last;

    /// <summary>A call begins.</summary>
    /// <param name="progress">Told how far it is.</param>
    public Call Begin(IProgress<string> progress)
    {
        string token = string.Create(CultureInfo.InvariantCulture, $"call-{Interlocked.Increment(ref _last)}");
        _calls[token] = progress;
        return new Call(this, token);
    }

    /// <summary>Takes a notification; one that is of no call, or cannot be read, is left.</summary>
    /// <param name="notification">The notification.</param>
    /// <param name="hide">Takes out of what the server says what the host told it.</param>
    public void Take(JsonRpcNotification notification, Func<string, string> hide)
    {
        try
        {
            if (notification.Params?.Deserialize(ParamsType) is ProgressNotificationParams { ProgressToken: var token, Progress: { } value }
                && _calls.TryGetValue(token.ToString() ?? "", out IProgress<string>? progress))
            {
                progress.Report(hide(TextOf(value)));
            }
        }
        catch (JsonException)
        {
            // What a server says wrong of its progress changes nothing of its call.
        }
    }

    private static string TextOf(ProgressNotificationValue value)
    {
        string share = value.Total is > 0 and { } total
            ? string.Create(CultureInfo.InvariantCulture, $"{value.Progress:0.##} of {total:0.##}")
            : string.Create(CultureInfo.InvariantCulture, $"{value.Progress:0.##}");
        return string.IsNullOrWhiteSpace(value.Message) ? share : $"{share}: {value.Message}";
    }

    /// <summary>A call that is under way.</summary>
    /// <param name="reports">Where it is known.</param>
    /// <param name="token">What its notifications name it by.</param>
    public sealed class Call(McpReports reports, string token) : IDisposable
    {
        /// <summary>Gets what its notifications name it by.</summary>
        public string Token => token;

        /// <inheritdoc/>
        public void Dispose() => reports._calls.TryRemove(token, out _);
    }
}
