using System.Collections.Immutable;
using System.Text;
using Dwcp.Sdn.Api;
using Google.Api;
using Google.Protobuf.Reflection;

namespace Dwcp.Sdn.Cli.Remote;

/// <summary>A kind of objects, as its service describes it.</summary>
/// <param name="Name">Such as <c>port</c>.</param>
/// <param name="Plural">The word in paths, such as <c>ports</c>.</param>
internal sealed record Kind(string Name, string Plural, ServiceDescriptor Service, MessageDescriptor Message)
{
    public static ImmutableArray<Kind> All { get; } = [.. ApiServices.All.Select(Of)];

    /// <summary>Those whose objects are made by callers.</summary>
    public static IEnumerable<Kind> Writable => All.Where(k => k.Service.FindMethodByName("Put") is not null);

    /// <summary>The field of a Put request that has the object.</summary>
    public string BodyField => Service.FindMethodByName("Put").GetOptions().GetExtension(AnnotationsExtensions.Http).Body;

    /// <summary>The kind of that name: singular, plural, or a beginning that fits one alone.</summary>
    /// <exception cref="UsageException">None or several are called so.</exception>
    public static Kind Find(string word)
    {
        var exact = All.FirstOrDefault(k => k.Name == word || k.Plural == word);
        var near = exact is not null ? [exact] : All.Where(k => word.Length > 1 && k.Name.StartsWith(word, StringComparison.Ordinal)).ToArray();
        return near is [var only]
            ? only
            : throw new UsageException($"'{word}' is no kind. There are: {string.Join(", ", All.Select(k => k.Name))}");
    }

    private static Kind Of(ServiceDescriptor service)
    {
        var message = service.FindMethodByName("Get").OutputType;
        var path = service.FindMethodByName("List").GetOptions().GetExtension(AnnotationsExtensions.Http).Get;
        return new(Kebab(message.Name), path[(path.LastIndexOf('/') + 1)..], service, message);
    }

    private static string Kebab(string name)
    {
        var text = new StringBuilder();
        foreach (var c in name)
        {
            text.Append(char.IsUpper(c) && text.Length > 0 ? "-" : "").Append(char.ToLowerInvariant(c));
        }

        return text.ToString();
    }
}
