using System.Text.Json.Nodes;
using Dwcp.Sdn.Cli;
using Dwcp.Sdn.Cli.Files;
using Dwcp.Sdn.Cli.Kinds;
using Dwcp.Sdn.Cli.Output;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Tests.Store;
using YamlDotNet.RepresentationModel;

namespace Dwcp.Sdn.Tests.Cli;

public class TextTests
{
    private const string Document = """{"items": [{"id": "a", "n": 1, "tags": ["x", "y"], "m": {"k.1": "dotted"}}, {"id": "b", "n": 2, "tags": []}]}""";

    [Theory]
    [InlineData("{.items[0].id}", "a")]
    [InlineData("{$.items[-1].id}", "b")]
    [InlineData("{.items[5].id}", "")]
    [InlineData("{.items[*].n}", "1 2")]
    [InlineData(".items[*].id", "a b")]
    [InlineData("items[0].tags", "x,y")]
    [InlineData("{.items[0].tags[*]}", "x y")]
    [InlineData("{.items[?(@.id==\"b\")].n}", "2")]
    [InlineData("{.items[?(@.id!='b')].n}", "1")]
    [InlineData("{.items[?(@.m)].id}", "a")]
    [InlineData("{.items[0].m['k.1']}", "dotted")]
    [InlineData("{.items[0].m.k\\.1}", "dotted")]
    [InlineData("id={.items[0].id}{\"\\n\"}n={.items[0].n}", "id=a\nn=1")]
    [InlineData("{.nothing.at.all}", "")]
    [InlineData("{.items[*].*}", "a 1 x,y k.1=dotted b 2 ")]
    [InlineData("{ .items[0].id }", "a")]
    [InlineData("{range .items[*]}{.id}={.n}{\"\\n\"}{end}end", "a=1\nb=2\nend")]
    [InlineData("{range .items[*]}{.id}:{range .tags[*]}<{.}>{end};{end}", "a:<x><y>;b:;")]
    public void A_path_picks_what_it_names(string path, string picked) => Assert.Equal(picked, JsonPath.Parse(path).Evaluate(JsonNode.Parse(Document)!));

    [Theory]
    [InlineData("{.items", "this { has no }, at character 1 of {.items")]
    [InlineData("{.items[0}", "this [ has no ], at character 8 of {.items[0}")]
    [InlineData("{.items..id}", "a name is missing, at character 9 of {.items..id}")]
    [InlineData("{range .items[*]}{.id}", "this {range} has no {end}, at character 1 of {range .items[*]}{.id}")]
    [InlineData("{.id}{end}", "this {end} has no {range}, at character 6 of {.id}{end}")]
    [InlineData("{.items[*].id or}", "a name with a space stands in ['…'], at character 12 of {.items[*].id or}")]
    [InlineData("{.items[x]}", "expected a number, a name in quotes, * or ?(@.name==\"value\"), at character 9 of {.items[x]}")]
    public void A_faulty_path_is_told_with_its_place(string path, string message)
        => Assert.Equal($"-o jsonpath: {message}", Assert.Throws<CliException>(() => JsonPath.Parse(path)).Message);

    [Theory]
    [InlineData("true")]
    [InlineData("null")]
    [InlineData("")]
    [InlineData("12")]
    [InlineData("1e3")]
    [InlineData("0x10")]
    [InlineData("02:00:00:00:00:11")]
    [InlineData("2026-11-20")]
    [InlineData("2026-11-20T12:03:58.47Z")]
    [InlineData("yes")]
    [InlineData("- a")]
    [InlineData("a: b")]
    [InlineData("a #b")]
    [InlineData("two\nlines")]
    [InlineData("\u001b[2Jcleared\n")]
    [InlineData("tab\tand\rreturn")]
    [InlineData("\"quoted\"")]
    [InlineData("10.0.0.0/24")]
    [InlineData("2001:db8::1")]
    [InlineData("*")]
    [InlineData("é…")]
    public void Text_survives_yaml(string text)
    {
        var yaml = YamlText.Of(new JsonObject { ["id"] = text, ["map"] = new JsonObject { [text] = new JsonArray(text, 1, true, null, new JsonObject()) } });
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        var back = new YamlJson().Read((YamlMappingNode)stream.Documents[0].RootNode, null);

        Assert.Equal(text, (string?)back["id"]);
        Assert.Equal(new JsonObject { [text] = new JsonArray(text, 1, true, null, new JsonObject()) }.ToJsonString(), back["map"]!.ToJsonString());
    }

    [Fact]
    public void A_difference_shows_what_is_around_it_and_where_something_is_left_out()
    {
        Assert.Equal([" 2", "-3", "+x", " 4", " …", " 7", "+8"], Shown("1\n2\n3\n4\n5\n6\n7\n", "1\n2\nx\n4\n5\n6\n7\n8\n"));
        Assert.Empty(Shown("1\n2\n", "1\n2\n"));

        static string[] Shown(string before, string after) => [.. LineDiff.Of(before, after, context: 1).Select(l => $"{l.Mark}{l.Text}")];
    }

    [Theory]
    [InlineData("gte", "get")]
    [InlineData("netwrok", "network")]
    [InlineData("prot", "port")]
    [InlineData("xyz", null)]
    public void The_nearest_word_is_found_or_none(string word, string? near) => Assert.Equal(near, NearestName.Of(word, ["get", "network", "port", "switch"]));

    [Fact]
    public void What_a_terminal_would_obey_is_shown_and_not_sent()
    {
        var table = new Table("NAME", "MESSAGE");
        table.Add("a\nb\u001b[31m", "\u001b]0;title\u0007 c");
        using var text = new StringWriter { NewLine = "\n" };
        table.WriteTo(text, int.MaxValue, new(on: false));
        TextWrap.Write(text, "\u009b2J\u0000d\ne", 2, 40);

        Assert.Equal("NAME      MESSAGE\na b\ufffd[31m  \ufffd]0;title\ufffd c\n  \ufffd2J\ufffdd\n  e\n", text.ToString());
    }

    [Fact]
    public void A_message_that_has_no_room_beside_its_row_stands_below_it()
    {
        var table = new Table("NAME", "MESSAGE") { Overflow = Overflow.Wrap };
        table.Add("a-name-that-takes-most-of-it", "and a message of many words that needs more than one line");
        using var text = new StringWriter { NewLine = "\n" };
        table.WriteTo(text, 40, new(on: false));

        Assert.Equal("""
            NAME                          MESSAGE
            a-name-that-takes-most-of-it
              and a message of many words that needs
              more than one line

            """, text.ToString());
    }

    [Theory]
    [InlineData(true, "\r\e[K⠋ ██████████░░░░░░░░░░ 5/10 applying por…\r\e[K")]
    [InlineData(false, "")]
    public void Progress_is_for_terminals_and_for_what_takes_long(bool terminal, string shown)
    {
        using var error = new StringWriter();
        var clock = new ManualTime();
        var shell = new Shell { In = TextReader.Null, Out = TextWriter.Null, Error = error, Environment = new Dictionary<string, string>(), Clock = clock, ErrorIsTerminal = terminal, ErrorWidth = 42 };
        using (var progress = new Progress(shell))
        {
            progress.Show(4, 10, "applying ports/vm4");
            Assert.Equal("", error.ToString());
            clock.Advance(TimeSpan.FromSeconds(1));
            progress.Show(5, 10, "applying ports/vm5");
            progress.Show(6, 10, "applying ports/vm6");
        }

        Assert.Equal(shown, error.ToString());
    }

    [Fact]
    public void Colours_do_not_move_columns()
    {
        var (plain, coloured) = (Written(false), Written(true));

        Assert.NotEqual(plain, coloured);
        Assert.Equal(plain, System.Text.RegularExpressions.Regex.Replace(coloured, "\e\\[[0-9;]*m", ""));

        static string Written(bool colours)
        {
            var table = new Table("ID", "STATE", "N");
            table.Add("a", new Cell("OK", (s, t) => s.Good(t)), "1");
            table.Add("b", new Cell("NoInterface", (s, t) => s.Waiting(t)), "2");
            using var text = new StringWriter();
            table.WriteTo(text, 80, new(colours));
            return text.ToString();
        }
    }
}
