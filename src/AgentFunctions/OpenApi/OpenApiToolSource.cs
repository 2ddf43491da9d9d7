using AgentFunctions.Agents;
using AgentFunctions.Governance.Secrets;
using AgentFunctions.Network;
using AgentFunctions.Tools;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.OpenApi;

/// <summary>
/// The operations of an HTTP API as tools <c>name__operation</c>. The description is read when it is first needed, and again when
/// it changes.
/// </summary>
internal sealed class OpenApiToolSource(
    OpenApiOptions options, IReadOnlySet<string> known, IHttpClientFactory http, NetworkGuard network, VariableText variables,
    ILogger<OpenApiToolSource> logger, TimeProvider time)
    : IToolSource
{
    private readonly OpenApiDocumentSource _document = new(options, known, http, logger, time);
    private readonly Lock _gate = new();
    private (OpenApiDocument Document, IReadOnlyList<AgentTool> Tools)? _latest;

    public async Task<IReadOnlyList<AgentTool>> ListAsync(AgentDefinition agent, CancellationToken cancellationToken)
    {
        bool isNamed = agent.Tools?.Any(entry => ToolNames.IsOf(options.Name, entry)) == true;
        if (agent.Tools is not null && !isNamed)
        {
            return [];
        }

        try
        {
            return await ToolsAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e) when (!isNamed)
        {
            // The agent takes whatever the host offers; an API that nobody asked for by name must not hold up every run.
            OpenApiLog.LeftOut(logger, agent.Name, options.Name, e.Message);
            return [];
        }
    }

    /// <summary>A description that cannot be read or is none costs no run its other tools, and is asked for again.</summary>
    public async Task<ToolOffer> OfferAsync(AgentDefinition agent, TimeSpan patience, CancellationToken cancellationToken)
    {
        if (agent.Tools?.Any(entry => ToolNames.IsOf(options.Name, entry)) == false)
        {
            return new ToolOffer([]);
        }

        try
        {
            return new ToolOffer(await ToolsAsync(cancellationToken).WaitAsync(patience, time, cancellationToken)
                .ConfigureAwait(false));
        }
        catch (TimeoutException)
        {
            return new ToolOffer([])
            {
                Missing = [new MissingTools(options.Name,
                $"the description of '{options.Name}' has not come yet")]
            };
        }
        catch (AgentException e)
        {
            OpenApiLog.LeftOut(logger, agent.Name, options.Name, e.Message);
            return new ToolOffer([]) { Missing = [new MissingTools(options.Name, e.Message.TrimEnd('.'))] };
        }
    }

    /// <summary>Says when the host starts what is wrong with a description in a file.</summary>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        if (Uri.TryCreate(options.Document, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https")
        {
            return;
        }

        try
        {
            await ToolsAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e)
        {
            OpenApiLog.Broken(logger, options.Name, e.Message);
        }
    }

    public async Task<AgentTool?> FindAsync(AgentDefinition agent, string name, CancellationToken cancellationToken) =>
        ToolNames.IsOf(options.Name, name)
            ? (await ToolsAsync(cancellationToken).ConfigureAwait(false)).FirstOrDefault(tool => tool.Name == name)
            : null;

    private async Task<IReadOnlyList<AgentTool>> ToolsAsync(CancellationToken cancellationToken)
    {
        Consent();
        OpenApiDocument document = await _document.GetAsync(cancellationToken).ConfigureAwait(false);
        lock (_gate)
        {
            if (_latest is not { } latest || !ReferenceEquals(latest.Document, document))
            {
                _latest = latest = (document, Read(document));
            }

            return latest.Tools;
        }
    }

    /// <summary>What the host's own options name is meant; where a description that was fetched sends calls to is not.</summary>
    private void Consent()
    {
        foreach (string? address in new[] { options.Document, options.BaseUrl })
        {
            if (Uri.TryCreate(address, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https")
            {
                network.Consent(options.HttpClientName, url);
            }
        }
    }

    private AgentTool[] Read(OpenApiDocument document)
    {
        var reader = new OpenApiReader(document.Bundle.Document, document.Origin, document.Url, options.BaseUrl);
        IReadOnlyList<OpenApiOperation> operations = reader.Read();
        foreach (string note in document.Bundle.Notes.Concat(reader.Notes))
        {
            OpenApiLog.Noted(logger, note);
        }

        foreach (OpenApiOperation operation in document.Url is null ? operations : [])
        {
            // A description in a file of the operator's is the operator's own word too.
            network.Consent(options.HttpClientName, operation.BaseUrl);
        }

        if (options.Operations?.FirstOrDefault(wanted => operations.All(operation => operation.Id != wanted)) is { } missing)
        {
            OpenApiLog.Noted(logger, $"{document.Origin}: there is no operation '{missing}'.");
        }

        return
        [
            .. operations.Where(operation => options.Operations?.Contains(operation.Id) ?? true)
                .Select(operation => new AgentTool(new OpenApiFunction(operation, options, variables, http), operation.Effect)
                {
                    Timeout = options.Timeout,
                    Group = options.Name,
                    Paths = OpenApiFiles.Arguments(operation.Body),
                    Uses = operation.Body is { } body && OpenApiFiles.Arguments(body).Count > 0
                        ? (_, arguments) => OpenApiFiles.UsesOf(body, arguments) : null,
                }),
        ];
    }
}
