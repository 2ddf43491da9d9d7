using System.Text.Json;

namespace AgentFunctions.AspNetCore.Http;

/// <summary>Names as the API spells them.</summary>
internal static class CamelCase
{
    public static string Of<T>(T member)
        where T : struct, Enum => Of(member.ToString());

    public static string Of(string name) => JsonNamingPolicy.CamelCase.ConvertName(name);

    /// <summary>Finds the member of exactly this name.</summary>
    public static bool TryRead<T>(string name, out T member)
        where T : struct, Enum
    {
        foreach (T candidate in Enum.GetValues<T>())
        {
            if (Of(candidate) == name)
            {
                member = candidate;
                return true;
            }
        }

        member = default;
        return false;
    }
}
