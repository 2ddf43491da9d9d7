using AgentFunctions.Agents.ToolServers;
using AgentFunctions.Governance.Secrets;
using AgentFunctions.Tools;
using Microsoft.Extensions.Logging;
using ModelContextProtocol.Authentication;

namespace AgentFunctions.Mcp.SignIn;

/// <summary>Signs people in to, and out of, the tool servers of a host's configuration.</summary>
public sealed class McpSignIn
{
    private static readonly TimeSpan AnswerTime = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan ListTime = TimeSpan.FromSeconds(20);

    private readonly McpServers _servers;
    private readonly McpHttp _http;
    private readonly VariableText _variables;
    private readonly SignInStore _store;
    private readonly ILogger<McpServers> _logger;
    private readonly TimeProvider _time;

    internal McpSignIn(McpServers servers, McpHttp http, VariableText variables, SignInStore store, ILogger<McpServers> logger,
        TimeProvider time) =>
        (_servers, _http, _variables, _store, _logger, _time) = (servers, http, variables, store, logger, time);

    /// <summary>
    /// Signs a person in to a server. The tokens are kept sealed; running hosts that share the key folder use them at once.
    /// </summary>
    /// <param name="name">The server.</param>
    /// <param name="open">Shows the person an address to open in a browser.</param>
    /// <param name="cancellationToken">The token to cancel the wait for the person.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: there is no such server, or it is not one that a person signs in to.
    /// <see cref="ErrorCode.NotAllowed"/>: the sign-in was refused. <see cref="ErrorCode.ToolUnavailable"/>: the server cannot be
    /// reached.
    /// </exception>
    public async Task<ToolServerStatus> LoginAsync(string name, Func<Uri, CancellationToken, Task> open,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(open);
        McpServerDefinition server = Find(name);
        if (server.Url is null || server.SignIn is not { Grant: null })
        {
            throw new AgentException(
                ErrorCode.InvalidInput,
                $"The tool server '{name}' is not one that a person signs in to: {(server.Url is null ? "it is a program" : "its definition says how the host signs in")}.");
        }

        using LoopbackReceiver receiver = LoopbackReceiver.Start(server.SignIn.CallbackPort, _time);
        using var timeout = new CancellationTokenSource(AnswerTime, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var interaction = new SignInInteraction(receiver.RedirectUri,
            (context, token) => AskAsync(receiver, open, context, token));
        var handshake = new McpHandshake(server, _variables, _http.With(interaction), _logger, _time);
        try
        {
            McpSession session = await handshake.OpenAsync(static _ => { }, either.Token).ConfigureAwait(false);
            try
            {
                int tools = (await session.ListToolsAsync(either.Token).ConfigureAwait(false)).Count;
                return await StatusAsync(server, either.Token).ConfigureAwait(false) with { Tools = tools };
            }
            finally
            {
                await session.CloseAsync().ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            throw Failed(name, interaction.Refusal ?? e);
        }
    }

    /// <summary>Deletes the tokens of a server. They are not revoked at the authorization server; they expire.</summary>
    /// <param name="name">The server.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>Whether there was a sign-in.</returns>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: there is no such server.</exception>
    public async Task<bool> LogoutAsync(string name, CancellationToken cancellationToken = default)
    {
        Uri? address = await AddressAsync(Find(name), cancellationToken).ConfigureAwait(false);
        bool was = address is not null
            && await _store.FindAsync(address, cancellationToken).ConfigureAwait(false) is { AccessToken: not null };
        if (address is not null)
        {
            await _store.DeleteAsync(address, cancellationToken).ConfigureAwait(false);
        }

        return was;
    }

    /// <summary>Lists the servers of the configuration. Each is asked for its tools, for a limited time.</summary>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<ToolServerStatus>> ListAsync(CancellationToken cancellationToken = default) =>
        await Task.WhenAll(_servers.OfHost.Select(server => LookAsync(server, cancellationToken))).ConfigureAwait(false);

    private async Task<ToolServerStatus> LookAsync(McpServer server, CancellationToken cancellationToken)
    {
        ToolServerStatus status = await StatusAsync(server.Definition, cancellationToken).ConfigureAwait(false);
        try
        {
            IReadOnlyList<AgentTool> tools = await server.ListAsync(CancellationToken.None)
                .WaitAsync(ListTime, _time, cancellationToken).ConfigureAwait(false);
            return await StatusAsync(server.Definition, cancellationToken).ConfigureAwait(false) with { Tools = tools.Count };
        }
        catch (TimeoutException)
        {
            return status with { Trouble = "It has not answered." };
        }
        catch (AgentException e)
        {
            return status with { Trouble = e.Message };
        }
    }

    private async Task<ToolServerStatus> StatusAsync(McpServerDefinition server, CancellationToken cancellationToken)
    {
        var status = new ToolServerStatus(server.Name, server.Url ?? server.Command!);
        Uri? address = await AddressAsync(server, cancellationToken).ConfigureAwait(false);
        SignInRecord? kept = address is null ? null : await _store.FindAsync(address, cancellationToken).ConfigureAwait(false);
        return kept is { AccessToken: not null }
            ? status with { IsSignedIn = true, SignedInUntil = kept.Until, IsRenewed = kept.RefreshToken is not null }
            : status with { IsSignedIn = server.SignIn is { Grant: not null }, IsRenewed = server.SignIn is { Grant: not null } };
    }

    private async Task<Uri?> AddressAsync(McpServerDefinition server, CancellationToken cancellationToken) =>
        server.Url is { } url
        && Uri.TryCreate(await _variables.ExpandAsync(url, $"{server.Origin}: mcpServers.{server.Name}.url", cancellationToken)
            .ConfigureAwait(false), UriKind.Absolute, out Uri? address)
            ? address
            : null;

    private static async Task<AuthorizationResult?> AskAsync(
        LoopbackReceiver receiver, Func<Uri, CancellationToken, Task> open, AuthorizationCallbackContext context,
        CancellationToken cancellationToken)
    {
        Uri address = context.AuthorizationUri;
        if (address.Scheme != Uri.UriSchemeHttps && !(address.Scheme == Uri.UriSchemeHttp && address.IsLoopback))
        {
            throw new AgentException(ErrorCode.NotAllowed,
                $"The server sends people to '{address.Scheme}:', which is not an https address. The sign-in was stopped.");
        }

        string state = LoopbackReceiver.Query(address.Query).GetValueOrDefault("state", "");
        Task<IReadOnlyDictionary<string, string>> received = receiver.ReceiveAsync(state, cancellationToken);
        await open(address, cancellationToken).ConfigureAwait(false);
        IReadOnlyDictionary<string, string> answer = await received.ConfigureAwait(false);
        if (answer.GetValueOrDefault("error") is { } error)
        {
            throw new AgentException(ErrorCode.NotAllowed, $"The sign-in was refused: {Core.Text.TextCut.Shorten(error, 100)}.");
        }

        return new AuthorizationResult
        {
            Code = answer["code"],
            State = answer.GetValueOrDefault("state"),
            Iss = answer.GetValueOrDefault("iss")
        };
    }

    private McpServerDefinition Find(string name) =>
        _servers.OfHost.FirstOrDefault(server => server.Definition.Name == name)?.Definition
        ?? throw new AgentException(
            ErrorCode.InvalidInput,
            $"There is no tool server '{name}'; "
            + (_servers.OfHost.Count == 0
                ? "none is configured."
                : $"there are: {string.Join(", ", _servers.OfHost.Select(static server => server.Definition.Name))}."));

    private static AgentException Failed(string name, Exception failure)
    {
        for (Exception? cause = failure; cause is not null; cause = cause.InnerException)
        {
            if (cause is AgentException known)
            {
                return known;
            }
        }

        return failure is OperationCanceledException
            ? new AgentException(ErrorCode.NotAllowed, $"Nobody signed in to '{name}' within {AnswerTime.TotalMinutes} minutes.")
            : new AgentException(ErrorCode.ToolUnavailable, $"Signing in to '{name}' failed: {McpFailures.Describe(failure)}",
                failure);
    }
}
