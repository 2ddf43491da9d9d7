using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace AgentFunctions.AspNetCore.Http;

/// <summary>Reads values of the query; what is there must be right, what is not has a default.</summary>
internal static class QueryValues
{
    public static string? Text(this IQueryCollection query, string name) => query[name] switch
    {
        { Count: 0 } => null,
        [{ Length: > 0 and <= 256 } value] => value,
        _ => throw Invalid(name, "use one value of 1 to 256 characters"),
    };

    public static int Number(this IQueryCollection query, string name, int fallback, int min, int max) =>
        query.Number(name, min, max) ?? fallback;

    public static int? Number(this IQueryCollection query, string name, int min, int max) =>
        query.Text(name) is not { } text ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= min && value <= max
            ? value
        : throw Invalid(name, $"use a number from {min} to {max}");

    public static long? Position(this IQueryCollection query, string name) =>
        query.Text(name) is { } text ? Position(text, name) : null;

    /// <summary>A position in a log: what an event stream gives as <c>id</c>.</summary>
    public static long Position(string text, string name) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) && value < long.MaxValue
            ? value
            : throw Invalid(name, "use a position that the API gave: a number from 0");

    public static DateTimeOffset? Time(this IQueryCollection query, string name) => query.Text(name) is not { } text ? null
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? time
        : throw Invalid(name, "use a time in ISO 8601, such as 2026-05-06T12:00:00Z");

    public static bool Flag(this IQueryCollection query, string name, bool fallback) => query.Text(name) switch
    {
        null => fallback,
        "true" => true,
        "false" => false,
        _ => throw Invalid(name, "use true or false"),
    };

    public static T? Member<T>(this IQueryCollection query, string name)
        where T : struct, Enum
    {
        if (query.Text(name) is not { } text)
        {
            return null;
        }

        return CamelCase.TryRead(text, out T member)
            ? member
            : throw Invalid(name, $"use one of {string.Join(", ", Enum.GetValues<T>().Select(CamelCase.Of))}");
    }

    /// <summary>The one value of a header, or <see langword="null"/> where there is none.</summary>
    public static string? Single(this IHeaderDictionary headers, string name) => headers[name] switch
    {
        { Count: 0 } => null,
        StringValues { Count: 1 } value => value.ToString(),
        _ => throw Invalid(name, "send the header once"),
    };

    public static AgentException Invalid(string name, string remedy) => new(ErrorCode.InvalidInput, $"{name}: {remedy}.");
}
