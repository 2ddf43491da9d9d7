using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Security;

/// <summary>Reads what Azure's authentication in front of the app found out, as base64 of JSON.</summary>
internal static class FunctionsPrincipal
{
    private const int MaxHeader = 65_536;

    private const string ObjectId = "http://schemas.microsoft.com/identity/claims/objectidentifier";

    /// <summary>The caller; <see langword="null"/> if the header is missing or malformed.</summary>
    public static Caller? Find(HttpRequest request)
    {
        if (request.Headers["X-MS-CLIENT-PRINCIPAL"] is not [{ Length: > 0 and < MaxHeader } principal])
        {
            return null;
        }

        try
        {
            using JsonDocument json = JsonDocument.Parse(Convert.FromBase64String(principal));
            string nameType = json.RootElement.GetProperty("name_typ").GetString()!;
            string roleType = json.RootElement.GetProperty("role_typ").GetString()!;
            (string Type, string Value)[] claims = [.. json.RootElement.GetProperty("claims").EnumerateArray()
                .Select(claim => (claim.GetProperty("typ").GetString()!, claim.GetProperty("val").GetString()!))];
            string? name = claims.FirstOrDefault(claim => claim.Type == nameType).Value;
            // An app that calls for itself has no name, but an object in the directory.
            string? app = claims.FirstOrDefault(static claim => claim.Type is "oid" or ObjectId).Value;
            return string.IsNullOrEmpty(name ?? app)
                ? null
                : CallerIds.TryCreate($"{CallerIds.Principals}:{name ?? $"oid.{app}"}",
                    claims.Where(claim => claim.Type == roleType || claim.Type == "roles").Select(claim => claim.Value));
        }
        catch (Exception e) when (e is JsonException or FormatException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }
}
