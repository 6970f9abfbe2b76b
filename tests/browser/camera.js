/* A drawn person at a desk in place of the browser's test picture: `window.portrait` says who, `window.slides` what they show. */

(() => {
  const WIDTH = 1280;
  const HEIGHT = 720;
  const EVERY = 66;

  const LOOKS = {
    manager: { wall: ["#dfe5ea", "#aebac4"], light: "#f7fbff", coat: "#243a57", shirt: "#f3f5f8", tie: "#7d2f38", skin: "#e3b291", shade: "#c98f6c", hair: "#8b8d90", style: "short", glasses: true, shelf: true },
    secretary: { wall: ["#efe6da", "#cdb9a0"], light: "#fff8ea", coat: "#7a2840", shirt: "#f7efe6", skin: "#ecc3a5", shade: "#d19d7b", hair: "#6b3f26", style: "bob", plant: true },
    unionist: { wall: ["#dbe7e2", "#a3bcb3"], light: "#f4fffa", coat: "#1f4e4a", shirt: "#e9f1ee", skin: "#dda881", shade: "#bd8560", hair: "#2d2320", style: "bun", shelf: true },
    chamber: { wall: ["#e2e1ee", "#b3b0cc"], light: "#fbfaff", coat: "#3a3566", shirt: "#ffffff", skin: "#f0cdb2", shade: "#d6a684", hair: "#c79a55", style: "long", glasses: true, plant: true },
  };

  /** @param {CanvasRenderingContext2D} c */
  function room(c, look) {
    const wall = c.createLinearGradient(0, 0, WIDTH, HEIGHT);
    wall.addColorStop(0, look.wall[0]);
    wall.addColorStop(1, look.wall[1]);
    c.fillStyle = wall;
    c.fillRect(0, 0, WIDTH, HEIGHT);
    c.filter = "blur(7px)";
    pane(c, look.light);
    if (look.shelf) shelf(c);
    if (look.plant) plant(c);
    c.filter = "none";
  }

  function pane(c, light) {
    const sky = c.createLinearGradient(90, 60, 90, 470);
    sky.addColorStop(0, light);
    sky.addColorStop(1, "#cfdde6");
    c.fillStyle = "#ffffff";
    c.fillRect(70, 40, 330, 470);
    c.fillStyle = sky;
    c.fillRect(86, 56, 142, 438);
    c.fillRect(242, 56, 142, 438);
    c.fillStyle = "#8fa58f";
    for (const [x, y, r] of [[120, 470, 60], [190, 485, 50], [280, 480, 58], [350, 470, 56]]) disc(c, x, y, r, r * 0.8);
    c.fillStyle = "#ffffff";
    c.fillRect(60, 494, 350, 22);
  }

  function shelf(c) {
    const covers = ["#8c4a3f", "#3e5c76", "#d9b26f", "#5b6b4f", "#e8e2d6", "#6f4f7a", "#2f4858", "#b9785a"];
    for (const [row, y] of [[0, 190], [1, 390]]) {
      let x = 900;
      for (let n = 0; x < 1240; n++) {
        const wide = 20 + ((n * 7 + row * 5) % 4) * 7;
        const tall = 100 + ((n * 11 + row * 3) % 5) * 12;
        c.fillStyle = covers[(n * 3 + row) % covers.length];
        if ((n + row) % 6 !== 5) c.fillRect(x, y - tall, wide - 3, tall);
        x += wide;
      }
      c.fillStyle = "#b08d68";
      c.fillRect(880, y, 400, 16);
    }
  }

  function plant(c) {
    c.fillStyle = "#d8d2c7";
    c.fillRect(1010, 470, 130, 180);
    c.strokeStyle = "#4f7a57";
    c.lineWidth = 26;
    c.lineCap = "round";
    for (const [x, y] of [[930, 260], [990, 170], [1070, 130], [1150, 180], [1215, 270], [1110, 240], [1030, 270]]) {
      c.beginPath();
      c.moveTo(1075, 480);
      c.quadraticCurveTo(1075, y + 60, x, y);
      c.stroke();
    }
  }

  function disc(c, x, y, wide, tall) {
    c.beginPath();
    c.ellipse(x, y, wide, tall, 0, 0, 2 * Math.PI);
    c.fill();
  }

  function path(c, colour, d) {
    c.fillStyle = colour;
    c.fill(new Path2D(d));
  }

  /** Head in the middle, its centre at 640, 285. */
  function person(c, look, t) {
    const sway = 5 * Math.sin(t / 1900);
    const nod = 3 * Math.sin(t / 1300);
    hairBehind(c, look, sway, nod);
    bust(c, look, sway);
    c.save();
    c.translate(sway * 1.6, nod);
    face(c, look, t);
    hairBefore(c, look);
    c.restore();
    desk(c);
  }

  function hairBehind(c, look, sway, nod) {
    c.save();
    c.translate(sway * 1.6, nod);
    if (look.style === "bob") path(c, look.hair, "M515 290C500 140 780 140 766 290L772 400Q700 440 640 430Q580 440 508 400Z");
    if (look.style === "long") path(c, look.hair, "M520 280C505 135 775 135 760 280Q770 430 800 520Q640 580 480 520Q510 430 520 280Z");
    if (look.style === "bun") {
      c.fillStyle = look.hair;
      disc(c, 640, 158, 56, 48);
    }
    c.restore();
  }

  function bust(c, look, sway) {
    c.save();
    c.translate(sway * 0.5, 1.5 * Math.sin(sway));
    path(c, look.coat, "M285 720C290 565 380 520 545 478L735 478C900 520 990 565 995 720Z");
    path(c, look.shirt, "M560 474L640 620L720 474L700 450L580 450Z");
    if (look.tie) path(c, look.tie, "M622 520L658 520L650 552L672 720L608 720L630 552Z");
    path(c, look.shade, "M588 370L692 370L700 470Q640 530 580 470Z");
    path(c, "rgba(0,0,0,.16)", "M548 476L575 462L640 640L610 720L560 600Z");
    path(c, "rgba(0,0,0,.16)", "M732 476L705 462L640 640L670 720L720 600Z");
    c.restore();
  }

  function face(c, look, t) {
    c.fillStyle = look.shade;
    disc(c, 527, 300, 18, 30);
    disc(c, 753, 300, 18, 30);
    path(c, look.skin, "M528 265C528 165 752 165 752 265C756 345 722 425 640 428C558 425 524 345 528 265Z");
    path(c, "rgba(255,255,255,.13)", "M540 260C545 190 620 180 640 182C570 215 560 320 590 395C555 360 538 310 540 260Z");
    c.fillStyle = "rgba(214,110,96,.16)";
    disc(c, 572, 345, 28, 20);
    disc(c, 708, 345, 28, 20);
    eyes(c, look);
    c.strokeStyle = look.shade;
    c.lineWidth = 6;
    c.lineCap = "round";
    c.stroke(new Path2D("M640 292Q652 326 634 336"));
    mouth(c, t);
  }

  function eyes(c, look) {
    for (const x of [592, 688]) {
      c.fillStyle = "#fdfdfb";
      disc(c, x, 283, 19, 12);
      c.fillStyle = "#33241c";
      disc(c, x + 1, 283, 9, 10);
      c.strokeStyle = look.style === "short" ? "#6d6a68" : look.hair;
      c.lineWidth = 7;
      c.stroke(new Path2D(`M${x - 24} 254Q${x} 241 ${x + 24} 254`));
    }
    if (!look.glasses) return;
    c.strokeStyle = "#26303b";
    c.lineWidth = 5;
    for (const x of [592, 688]) {
      c.beginPath();
      c.roundRect(x - 36, 258, 72, 52, 18);
      c.stroke();
    }
    c.stroke(new Path2D("M628 276Q640 268 652 276M556 276L530 270M724 276L750 270"));
  }

  function mouth(c, t) {
    const open = Math.max(0, 9 * Math.sin(t / 130) * Math.sin(t / 470) + 4);
    c.fillStyle = "#8e3a3c";
    c.beginPath();
    c.moveTo(602, 366);
    c.quadraticCurveTo(640, 382 + open, 678, 366);
    c.quadraticCurveTo(640, 392 + 2 * open, 602, 366);
    c.fill();
  }

  function hairBefore(c, look) {
    const shapes = {
      short: "M522 270C508 150 600 128 650 132C740 130 776 180 758 270C752 240 744 218 728 208C670 222 610 214 566 200C544 214 530 238 522 270Z",
      bob: "M516 310C500 150 780 150 764 310C752 262 736 226 706 202C668 232 580 232 540 262C530 276 522 292 516 310Z",
      long: "M518 320C500 130 780 130 762 320C760 260 730 215 652 186C600 210 530 250 518 320Z",
      bun: "M524 268C520 150 760 150 756 268C740 215 700 190 640 190C580 190 540 215 524 268Z",
    };
    path(c, look.hair, shapes[look.style]);
  }

  function desk(c) {
    const wood = c.createLinearGradient(0, 660, 0, HEIGHT);
    wood.addColorStop(0, "#b58b63");
    wood.addColorStop(1, "#8d6747");
    c.fillStyle = wood;
    c.fillRect(0, 668, WIDTH, 52);
    c.fillStyle = "#f4f1ea";
    c.fillRect(955, 596, 74, 76);
    c.strokeStyle = "#f4f1ea";
    c.lineWidth = 11;
    c.beginPath();
    c.arc(1032, 634, 22, -1.3, 1.3);
    c.stroke();
  }

  function slide(c) {
    c.fillStyle = "#ffffff";
    c.fillRect(0, 0, WIDTH, HEIGHT);
    c.fillStyle = "#0b5a70";
    c.fillRect(0, 0, 18, HEIGHT);
    c.font = "600 50px 'Fira Sans', sans-serif";
    c.fillText("Ein Beispiel: neue Kolleginnen und Kollegen", 84, 110);
    c.fillStyle = "#4a5565";
    c.font = "30px 'Fira Sans', sans-serif";
    c.fillText("Ausbildung und Quereinstieg, im Jahr", 84, 160);
    [[2016, 14], [2017, 19], [2018, 27], [2019, 31], [2020, 22]].forEach(([year, n], index) => column(c, 140 + index * 215, year, n));
    c.fillStyle = "#c5ced6";
    c.fillRect(84, 612, 1110, 3);
  }

  function column(c, x, year, n) {
    c.fillStyle = year === 2020 ? "#0b5a70" : "#8fbac8";
    c.fillRect(x, 612 - n * 12, 130, n * 12);
    c.fillStyle = "#1d2735";
    c.font = "600 34px 'Fira Sans', sans-serif";
    c.textAlign = "center";
    c.fillText(String(n), x + 65, 596 - n * 12);
    c.font = "30px 'Fira Sans', sans-serif";
    c.fillText(String(year), x + 65, 660);
    c.textAlign = "left";
  }

  function film(draw) {
    const canvas = Object.assign(document.createElement("canvas"), { width: WIDTH, height: HEIGHT });
    const context = canvas.getContext("2d");
    const shot = () => draw(context, performance.now());
    shot();
    setInterval(shot, EVERY);
    return canvas.captureStream(15);
  }

  function portrait() {
    const look = LOOKS[window.portrait];
    const background = new OffscreenCanvas(WIDTH, HEIGHT);
    room(background.getContext("2d"), look);
    return film((c, t) => {
      c.drawImage(background, 0, 0);
      person(c, look, t);
    });
  }

  const media = navigator.mediaDevices;
  const [ask, list] = [media.getUserMedia.bind(media), media.enumerateDevices.bind(media)];
  const NAMES = { videoinput: "Kamera im Bildschirm", audioinput: "Headset", audiooutput: "Lautsprecher" };
  media.getUserMedia = async ({ audio, video }) => {
    const sound = audio ? (await ask({ audio })).getTracks() : [];
    return new MediaStream([...(video ? portrait().getTracks() : []), ...sound]);
  };
  media.getDisplayMedia = async () => film(slide);
  media.enumerateDevices = async () => {
    const found = new Map((await list()).map((device) => [device.kind, device]));
    return [...found].map(([kind, { deviceId, groupId }]) => ({ kind, deviceId, groupId, label: NAMES[kind] }));
  };
})();
