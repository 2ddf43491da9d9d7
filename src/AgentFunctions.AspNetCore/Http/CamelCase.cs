using System.Text.Json;

namespace AgentFunctions.AspNetCore.Http;

/// <summary>Names as the API spells them.</summary>
internal static class CamelCase
{
    public static string Of<T>(T member)
        where T : struct, Enum => Of(member.ToString());

    public static string Of(string name) => JsonNamingPolicy.CamelCase.ConvertName(name);
}
