using System.Net;
using AgentFunctions.Agents.ToolServers;
using AgentFunctions.Governance.Secrets;
using Microsoft.Extensions.Logging;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace AgentFunctions.Mcp;

/// <summary>
/// Connects to a server of either generation of the protocol: the newest is probed for, and a server that takes the probe badly
/// is tried once more as an older one. What a server speaks is remembered, so that the probe costs one start only.
/// </summary>
internal sealed class McpHandshake(McpServerDefinition definition, VariableText variables, McpHttp http, ILogger logger,
    TimeProvider time)
{
    /// <summary>The first protocol that begins with a probe instead of <c>initialize</c>.</summary>
    public const string NewestProtocol = "2026-07-28";

    /// <summary>The versions that a server behind an address is asked for when it takes the probe badly, newest first.</summary>
    private static readonly string?[] OlderVersions = ["2025-11-25", "2025-06-18", "2025-03-26"];

    private static readonly string?[] NoVersion = [null];

    /// <summary>A program may have to be downloaded first.</summary>
    private static readonly TimeSpan StartTime = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Some programs say nothing to what they do not know. A server behind an address answers, if late: it may have to be woken.
    /// </summary>
    private static readonly TimeSpan FirstProbeTime = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan LaterProbeTime = TimeSpan.FromSeconds(20);

    private bool _isOlder;
    private TimeSpan _probeTime = definition.Command is null ? LaterProbeTime : FirstProbeTime;

    /// <summary>Connects.</summary>
    /// <param name="secretsFound">
    /// Takes what must not be repeated of the server's configuration, before anything can fail.
    /// </param>
    /// <param name="cancellationToken">The token to cancel the attempt.</param>
    public async Task<McpSession> OpenAsync(Action<McpSecrets> secretsFound, CancellationToken cancellationToken)
    {
        bool wasOlder = _isOlder;
        try
        {
            return Remember(await OpenAsync(wasOlder, secretsFound, cancellationToken).ConfigureAwait(false));
        }
        catch (Exception e) when (MayBeTheProbe(e) && !cancellationToken.IsCancellationRequested)
        {
            // A server that was replaced by a newer one is met here too.
            McpLog.TriedOnceMore(logger, definition.Name, wasOlder ? "newest" : "older");
            try
            {
                return Remember(await OpenAsync(!wasOlder, secretsFound, cancellationToken).ConfigureAwait(false));
            }
            catch (Exception) when (!cancellationToken.IsCancellationRequested)
            {
                _isOlder = false;
                _probeTime = LaterProbeTime;
                throw;
            }
        }
    }

    private McpSession Remember(McpSession session)
    {
        _isOlder = session.IsOlderProtocol;
        return session;
    }

    private async Task<McpSession> OpenAsync(bool older, Action<McpSecrets> secretsFound, CancellationToken cancellationToken)
    {
        string?[] versions = older && definition.Command is null && !definition.Sse ? OlderVersions : NoVersion;
        for (int i = 0; ; i++)
        {
            McpTransport transport = await McpTransport
                .CreateAsync(definition, variables, http, older, logger, time, cancellationToken).ConfigureAwait(false);
            secretsFound(transport.Secrets);
            try
            {
                return await McpSession.OpenAsync(transport, Options(versions[i]), definition.Name, definition.Timeout, time,
                    logger, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (i + 1 < versions.Length && MayBeTheProbe(e) && !cancellationToken.IsCancellationRequested)
            {
                // The server speaks another version than this one.
            }
            catch (Exception e) when (transport.EndReason is { } reason && !cancellationToken.IsCancellationRequested)
            {
                throw new IOException(reason, e);
            }
        }
    }

    private McpClientOptions Options(string? version) => new()
    {
        ClientInfo = new Implementation { Name = "AgentFunctions", Version = "0.1.0" },
        ProtocolVersion = version,
        // A person who signs in is waited for within the first request.
        DiscoverProbeTimeout = http.Interaction is null ? _probeTime : StartTime,
        InitializationTimeout = StartTime,
        Capabilities = new ClientCapabilities
        {
            Elicitation = new ElicitationCapability
            {
                Form = new FormElicitationCapability(),
                Url = new UrlElicitationCapability()
            }
        },
        TimeProvider = time,
    };

    /// <summary>
    /// Whether a failure may come of the probe: not one of a server that cannot be started, found or waited for.
    /// </summary>
    private static bool MayBeTheProbe(Exception failure) => failure switch
    {
        AgentException or TimeoutException or OperationCanceledException => false,
        HttpRequestException
        {
            StatusCode: null or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden
            or >= HttpStatusCode.InternalServerError
        } => false,
        IOException { InnerException: System.ComponentModel.Win32Exception } => false,
        _ => true,
    };
}
