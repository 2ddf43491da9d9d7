using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Keys;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AspNetCore.Governance;

/// <summary>The public keys of the agents' tokens, for tool servers. Open to all, as public keys are.</summary>
internal static class PublishedKeyEndpoints
{
    public static void MapPublishedKeys(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapGet("/.well-known/jwks.json", GetAsync)
            .WithTags("Keys")
            .WithName("getPublishedKeys")
            .WithSummary("The public keys of the agents' tokens, as a JSON Web Key set.")
            .Produces<PublicKeySet>()
            .WithMetadata(new RuntimeEndpoint(EndpointAccess.Public))
            .AllowAnonymous();

    private static async Task<IResult> GetAsync([FromKeyedServices("tokens")] SigningKeys keys, CancellationToken cancellationToken) =>
        Answers.Json(await keys.PublishedAsync(cancellationToken));
}
