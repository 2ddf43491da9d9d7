using System.Text.Json.Serialization;

namespace AgentFunctions.AspNetCore.Governance;

/// <summary>Who signs the agents' tokens (OpenID Connect Discovery 1.0).</summary>
/// <param name="Issuer">The issuer as the tokens name it.</param>
/// <param name="Keys">The address of its public keys.</param>
internal sealed record IssuerResource(string Issuer, [property: JsonPropertyName("jwks_uri")] string Keys);
